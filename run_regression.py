"""Train a small recurrent network on a series, predict its next value, and export it to TensorFlow Lite.

python run_regression.py                              the settings below
python run_regression.py --epochs 20 --seed 1         the same, changed for one run
python run_regression.py --preset sine                a demonstration (docs/demonstrations.md)
python run_regression.py --help                       everything that can be set
"""

from rnnexp.cli import run_script

DATASET_NAME = "SP500"  # or a file of your own: any data/NAME.csv by its NAME, or a path (docs/series.md)
# DATASET_NAME = "recordings.ts"  # recordings with a number each: a .ts, .arff or .npz file, or a folder
# DATASET_NAME = "airline-passengers"  # or "sine", "noisy-sine", "adding" or "sequence": see docs/demonstrations.md
EPOCHS = 100  # passes over the training part; 0: only export, without training
ACTIVATION = "custom"  # of the recurrent cell: "relu", "tanh", "sigmoid" or "custom"
custom_max_value = 255.0  # M of the custom activation: M * sqrt(x / M), clipped to 0..M
DATA_SIGMA = 255.0  # inputs are scaled to 0..DATA_SIGMA
HIDDEN_SIZE = 10  # recurrent units
SEQUENCE_LENGTH = 20  # values in a window, or time steps of a sequence

# Recordings of your own, with a number each (docs/recordings.md); TARGET and INPUTS are theirs too
RECORDING = None  # column that tells recordings of a table apart
RECORDING_ROWS = None  # rows of each recording of a table, where nothing in it separates them
SPLIT_BY = None  # what must not be in two parts, such as a person: a column, or a pattern of files' names
WINDOW = None  # samples of the windows that recordings are cut into; None: whole recordings
STRIDE = None  # samples from one window to the next; None: half of WINDOW
SAMPLES_PER_STEP = None  # consecutive samples that are one time step; None: so that there are about 30 steps

# Further settings; None means: chosen to suit the data set, and named in the report.
SWEEP = None  # or a dictionary of lists, {"ACTIVATION": ["relu", "tanh"], "SEED": [0, 1, 2]}: docs/sweeps.md
PRESET = None  # a demonstration's settings, by its name; they go before the constants here, and flags before them
CELL = "simple"  # "simple", "lstm", "lstm-peephole", "gru" or "fastgrnn"
PROJECTION = None  # of LSTMs: outputs of a layer, fewer than HIDDEN_SIZE, as a product of its units; None: these
RANK = None  # of FastGRNNs: kernels are products of two of this rank, less than half of HIDDEN_SIZE; None: one each
NUM_LAYERS = 1  # recurrent layers, one reading the other
BIDIRECTIONAL = False  # read each sequence from both ends
GO_BACKWARDS = False  # read each sequence from its end
RECURRENT_INITIALIZER = "orthogonal"  # where the recurrent weights start: "orthogonal" or "identity"
DROPOUT = 0.0  # share of every recurrent layer's inputs dropped in training
RECURRENT_DROPOUT = 0.0  # share of the recurrent state dropped in training
L2_REGULARIZATION = 0.0  # times the sum of all squared weights is added to the training loss
NORMALIZATION = "auto"  # or "window", "train", (window-)"difference", (window-)"change", "none"; see --help
LINEAR_PATH = None  # beside the recurrent layers, ridge regression from the whole window: True or False
VALIDATION_SHARE = None  # last part of the series, held out
TARGET = None  # own series: the column to predict, or several; None: "data", or the only one of numbers
INPUTS = None  # own series: further columns to predict from; None: the target alone
HORIZON = 1  # steps to predict ahead, all at once
TIME = None  # own series: the column that says when; None: found; "none": the rows as they follow each other
RESAMPLE = None  # own series: the mean of each step of time, "15min", "1h", "1D", "W", "MS"; None: as they are
FILL = "none"  # own series: short gaps, "linear" or "previous"; "none": no window goes over a gap
CALENDAR = False  # own series: sine and cosine of hour, weekday and month as inputs
MISSING = None  # own series: a number that stands for no value, such as -9999, or several
GENERATE_STEPS = None  # values to generate in closed loop, every prediction fed back; 0: none
WEIGHTS = None  # file of weights to start from: of a run, of PyTorch (docs/pytorch.md) or Keras; None: random ones
RESUME = None  # folder of a run to go on with that was stopped; True: the newest one of these settings
BATCH_SIZE = None  # windows a training step
LEARNING_RATE = None  # at the start
LEARNING_RATE_DECAY = True  # fall to a hundredth of it, along a cosine
OPTIMIZER = "adam"  # "adam", "adamw", "sgd" or "rmsprop"
GRADIENT_CLIP_NORM = 1.0  # longest gradient allowed; None: no bound
EARLY_STOPPING = 0  # epochs without a better validation loss before stopping; 0: never
QAT_EPOCHS = 10  # of fine-tuning in the int8 model's arithmetic, where plain quantisation loses much; 0: never
GAP_LIMIT = 0.003  # warn when int8 loses more than this (see the README)
IO_BITS = 8  # of the int8 model's inputs and outputs; 16: int16 ones, for signals with a wide range (docs/int8.md)
TABLES = "full"  # of gates and activations; "interpolated": a sixteenth of their flash in C (docs/int8.md)
SEED = 0  # of everything random
DETERMINISTIC = False  # the same bits on any x86-64, more slowly (docs/determinism.md)
FAIL_ON = None  # limits on figures, such as ["gap>0.003"]: beyond one the exit code is 3 (docs/ci.md)
TENSORBOARD = False  # write event files for TensorBoard
OUTPUT_DIR = "tflite_models"  # where the exported models go
RUNS_DIR = "runs"  # where each run leaves its history, model and plots
QUIET = False  # print nothing but warnings and errors

if __name__ == "__main__":
    run_script("regression", globals())

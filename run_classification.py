"""Train a small recurrent network to classify sequences, and export it to TensorFlow Lite.

python run_classification.py --dataset-name iris      the settings below, on Iris
python run_classification.py --help                   everything that can be set
"""

from rnnexp.cli import run_script

DATASET_NAME = "speech_commands"  # downloaded when first used, unless DATA_DIR has it
# DATASET_NAME = "iris"
# DATASET_NAME = "digits"
# DATASET_NAME = "mnist"  # the same
# DATASET_NAME = "binary-addition"  # a class at every step
# DATASET_NAME = "addition"  # an encoder, and a decoder that writes the answer
# DATASET_NAME = "recordings/gestures"  # your own: a .ts, .arff, .npz or .csv file, or a folder (docs/recordings.md)
EPOCHS = 100  # passes over the training part; 0: only export, without training
ACTIVATION = "custom"  # of the recurrent cell: "relu", "tanh", "sigmoid" or "custom"
HIDDEN_SIZE = 10  # recurrent units
MAX_SEQUENCE_LENGTH = 1600  # longer sequences are cut to this

DATA_DIR = None  # speech_commands, mnist: where the data is (see --help); None: downloaded with tensorflow_datasets

# Speech commands, or words of your own (docs/speech-commands.md)
WORDS = None  # folders of the words to tell apart, ["yes", "no"]; None: the ten where they are there, else all
RESAMPLE = False  # convert files of other rates, bits and channels than 16000 a second, 16 and one
FEATURES = "raw"  # "raw" samples, "log-mel" or "mfcc"
SEGMENT = "first"  # of raw samples, MAX_SEQUENCE_LENGTH of them: the "first", the "loudest", or "decimate" the clip
FRAMES = 49  # of log-mel and mfcc: 49 of 40 ms every 20 ms, or 98 of 25 ms every 10 ms
STREAM_SECONDS = None  # of log-mel and mfcc: learn from streams of so many seconds, to listen without a break
CACHE_DIR = "cache"  # where decoded clips are kept

# Recordings of your own (docs/recordings.md)
LABEL = None  # column of the class, or pattern that finds it in a file's name; None: found by its name
RECORDING = None  # column that tells recordings of a table apart; None: found by its name
RECORDING_ROWS = None  # rows of each recording of a table, where nothing in it separates them
INPUTS = None  # columns to read; None: all that hold numbers and are nothing else
SPLIT_BY = None  # what must not be in two parts, such as a person: a column, or a pattern of files' names
WINDOW = None  # samples of the windows that recordings are cut into; None: whole recordings
STRIDE = None  # samples from one window to the next; None: half of WINDOW
SAMPLES_PER_STEP = None  # consecutive samples that are one time step; None: so that there are about 30 steps

# Of speech commands and recordings
AUGMENTATION = 0.0  # how far they are distorted in training: 0: not; 1: by what suits them

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
PADDING = "end"  # of sequences of different lengths, in the exported model's input: "end" or "begin"
CLASS_WEIGHTS = "none"  # of the training loss: "none", or "balanced": all classes alike, however rare
VALIDATION_SHARE = 0.2  # held out, where the data set has no split of its own
WEIGHTS = None  # file of weights to start from: of a run, of PyTorch (docs/pytorch.md) or Keras; None: random ones
RESUME = None  # folder of a run to go on with that was stopped; True: the newest one of these settings
BATCH_SIZE = None  # sequences a training step
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
    run_script("classification", globals())

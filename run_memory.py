"""Train a small recurrent network to recall, or predict, a value of a random series, and export it.

python run_memory.py --memory-k -5                    recall the value 5 steps back
python run_memory.py --help                           everything that can be set
"""

from rnnexp.cli import run_script

DATASET_NAME = "memory"  # one series, uniform in [-1, 1]
EPOCHS = 100  # passes over the series; 0: only export, without training
ACTIVATION = "tanh"  # of the recurrent cell: "relu", "tanh", "sigmoid" or "custom"
custom_max_value = 1.0  # M of the custom activation: M * sqrt(x / M), clipped to 0..M
HIDDEN_SIZE = 10  # recurrent units
MEMORY_SIGNAL_LENGTH = 1024  # values in the series
MEMORY_N = 100  # values in a window, N
MEMORY_K = 1  # the target is the value N + K: positive predicts, 0 or negative recalls
MEMORY_DELAYS = 1  # targets at once: the value N + K and those before it; of several, figures are of a series held out

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
WEIGHTS = None  # file of weights to start from: of a run, of PyTorch (docs/pytorch.md) or Keras; None: random ones
RESUME = None  # folder of a run to go on with that was stopped; True: the newest one of these settings
BATCH_SIZE = None  # windows a training step
LEARNING_RATE = None  # at the start
LEARNING_RATE_DECAY = True  # fall to a hundredth of it, along a cosine
OPTIMIZER = "adam"  # "adam", "adamw", "sgd" or "rmsprop"
GRADIENT_CLIP_NORM = 1.0  # longest gradient allowed; None: no bound
EARLY_STOPPING = 0  # epochs without a better loss before stopping; 0: never
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
    run_script("memory", globals())

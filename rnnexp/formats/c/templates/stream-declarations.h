/* The state, one for each stream of samples. Times ${P}_..._SCALE its numbers are real ones.$window_meaning */
typedef struct {
$fields
} ${p}_state;

/* Begins a sequence. */
void ${p}_init(${p}_state *state);

/* One time step, with the input codes of one sample. */
void ${p}_step(${p}_state *state, const $code input[${P}_FEATURES]);

/* The codes of the $what after the steps so far. */
void ${p}_output(const ${p}_state *state, $code output[${P}_OUTPUTS]);

/* A whole sequence: the input codes of all its samples, one after the other; the codes of the $whole.$length_comment */
void ${p}_run(const $code input[${P}_TIME_STEPS * ${P}_FEATURES], ${length}$code output[$results]);

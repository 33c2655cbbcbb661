/* The state, one for each stream of samples. Times ${P}_..._SCALE its numbers are real ones.$window_meaning */
typedef struct {
$fields
} ${p}_state;

/* Begins a sequence. */
void ${p}_init(${p}_state *state);

/* One time step, with the $input_what of one sample.$step_meaning */
$step_type ${p}_step(${p}_state *state, const $input_type input[${P}_FEATURES]);

/* The codes of the $what after the steps so far. */
void ${p}_output(const ${p}_state *state, $output_type output[${P}_OUTPUTS]);

/* A whole sequence: the $input_what of all its samples, one after the other; the codes of the $whole.$length_comment */
void ${p}_run(const $input_type input[${P}_TIME_STEPS * ${P}_FEATURES], ${length}$output_type output[$results]);

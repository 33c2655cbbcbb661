/* The memory that a sequence takes while it is run: the caller provides it, and need not keep it. */
typedef struct {
$fields
} ${p}_buffers;

/* A whole sequence: the $input_what of all its samples, one after the other; the codes of the $whole.$length_comment */
void ${p}_run(
    ${p}_buffers *buffers,
    const $input_type input[${P}_TIME_STEPS * ${P}_FEATURES],$length_line
    $output_type output[$results]);

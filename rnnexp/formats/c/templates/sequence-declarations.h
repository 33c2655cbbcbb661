/* The memory that a sequence takes while it is run: the caller provides it, and need not keep it. */
typedef struct {
$fields
} ${p}_buffers;

/* A whole sequence: the input codes of all its samples, one after the other; the codes of the $whole.$length_comment */
void ${p}_run(
    ${p}_buffers *buffers,
    const $code input[${P}_TIME_STEPS * ${P}_FEATURES],$length_line
    $code output[$results]);

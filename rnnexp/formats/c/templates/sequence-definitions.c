void ${p}_run(
    ${p}_buffers *buffers,
    const $input_type input[${P}_TIME_STEPS * ${P}_FEATURES],$length_line
    $output_type output[$results])
{
    int32_t time;$steps_definition
$start
$run
}

void ${p}_run(
    ${p}_buffers *buffers,
    const $code input[${P}_TIME_STEPS * ${P}_FEATURES],$length_line
    $code output[$results])
{
    int32_t time;$steps_definition
$start
$run
}

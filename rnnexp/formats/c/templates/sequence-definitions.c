void ${p}_run(
    ${p}_buffers *buffers,
    const int8_t input[${P}_TIME_STEPS * ${P}_FEATURES],
    int8_t output[$results])
{
    int32_t time;
$start
$run
}

void ${p}_init(${p}_state *state)
{
$start
}

void ${p}_step(${p}_state *state, const $code input[${P}_FEATURES])
{
$step
}

void ${p}_output(const ${p}_state *state, $code output[${P}_OUTPUTS])
{
    $output
}

void ${p}_run(const $code input[${P}_TIME_STEPS * ${P}_FEATURES], ${length}$code output[$results])
{
    ${p}_state state;
    int32_t time;$steps_definition
    ${p}_init(&state);
$run
}

void ${p}_init(${p}_state *state)
{
$start
}

$step_type ${p}_step(${p}_state *state, const $input_type input[${P}_FEATURES])
{
$step
}

void ${p}_output(const ${p}_state *state, $output_type output[${P}_OUTPUTS])
{
    $output
}

void ${p}_run(const $input_type input[${P}_TIME_STEPS * ${P}_FEATURES], ${length}$output_type output[$results])
{
    ${p}_state state;
    int32_t time;$steps_definition
    ${p}_init(&state);
$run
}

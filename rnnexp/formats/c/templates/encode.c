
$input_mean

/* The deviation of each, times the input scale. */
$input_unit

void ${p}_encode(const float values[${P}_FEATURES], $input_type codes[${P}_FEATURES])
{
    int i;
    for (i = 0; i < ${P}_FEATURES; i++) {
        float code = (values[i] - input_mean[i % $own]) / input_unit[i % $own] + ${P}_INPUT_ZERO_POINT;
        /* What is no number becomes $lowest_input. */
        code = code > $lowest_input.0f ? code : $lowest_input.0f;
        code = code < $highest_input.0f ? code : $highest_input.0f;
        codes[i] = ($input_type)(code < 0.0f ? code - 0.5f : code + 0.5f);
    }
}

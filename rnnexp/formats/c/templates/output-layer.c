static void output_layer(const int16_t values[VALUES],$window_parameter $output_type output[${P}_OUTPUTS])
{
    int16_t codes[$columns];
    int i;
    value_codes(values, VALUES, codes);
$window_codes    for (i = 0; i < ${P}_OUTPUTS; i++) {
        const accumulator sum = multiply(output_kernel[i], output_bias[i], codes, $columns, $output_shift);
        output[i] = ($output_type)clamp(sum + ${P}_OUTPUT_ZERO_POINT, $lowest_output, $highest_output);
    }
}


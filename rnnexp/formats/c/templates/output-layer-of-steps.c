/* The values of all steps are taken step by step, so that the codes of one are enough. */
static void output_layer(const int16_t values[VALUES], $output_type output[${P}_OUTPUTS])
{
    accumulator sums[${P}_OUTPUTS];
    int16_t codes[2 * $step_values];
    int begin, i, k;
    for (i = 0; i < ${P}_OUTPUTS; i++) {
        sums[i] = output_bias[i];
    }
    for (begin = 0; begin < VALUES; begin += $step_values) {
        value_codes(values + begin, $step_values, codes);
        for (i = 0; i < ${P}_OUTPUTS; i++) {
            for (k = 0; k < 2 * $step_values; k++) {
                sums[i] += (accumulator)output_kernel[i][2 * begin + k] * codes[k];
            }
        }
    }
    for (i = 0; i < ${P}_OUTPUTS; i++) {
        const accumulator sum = round_shift(sums[i], $output_shift);
        output[i] = ($output_type)clamp(sum + ${P}_OUTPUT_ZERO_POINT, $lowest_output, $highest_output);
    }
}


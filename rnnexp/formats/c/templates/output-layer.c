static void output_layer(const int16_t values[VALUES],$window_parameter $output_type output[${P}_OUTPUTS])
{
$output_statements
    for (i = 0; i < ${P}_OUTPUTS; i++) {
        output[i] = ($output_type)clamp(sums[i] + ${P}_OUTPUT_ZERO_POINT, $lowest_output, $highest_output);
    }
}

int ${p}_class(const $output_type output[${P}_OUTPUTS])
{
    int i, best = 0;
    for (i = 1; i < ${P}_OUTPUTS; i++) {
        best = output[i] > output[best] ? i : best;
    }
    return best;
}

static void probabilities(const $output_type output[${P}_OUTPUTS], ${p}_real *made)
{
    ${p}_real sum = 0;
    int i;
    for (i = 0; i < ${P}_OUTPUTS; i++) {
        made[i] = likelihood(output, i);
        sum += made[i];
    }
    for (i = 0; i < ${P}_OUTPUTS; i++) {
        made[i] /= sum;
    }
}

static void probabilities(const $output_type output[${P}_OUTPUTS], ${p}_real *made)
{
    made[0] = ${p}_probability(output, 0);
    made[1] = ${p}_probability(output, 1);
}

/* The likelihood of a class, in units of the likeliest one's. */
static ${p}_real likelihood(const $output_type output[${P}_OUTPUTS], int number)
{
    const int logit = output[number], largest = output[${p}_class(output)];

    return power((${p}_real)(logit - largest) * (${p}_real)${P}_OUTPUT_SCALE);
}

$head
{
    ${p}_real sum = 0;
    int i;
    for (i = 0; i < ${P}_OUTPUTS; i++) {
        sum += likelihood(output, i);
    }
    return likelihood(output, number) / sum;
}

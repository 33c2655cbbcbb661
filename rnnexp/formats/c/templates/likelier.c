int ${p}_class(const $output_type output[${P}_OUTPUTS])
{
    const int logit = output[0];

    return logit > ${P}_OUTPUT_ZERO_POINT;
}

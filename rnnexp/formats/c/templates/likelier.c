int ${p}_class(const $output_type output[${P}_OUTPUTS])
{
    return output[0] > ${P}_OUTPUT_ZERO_POINT;
}

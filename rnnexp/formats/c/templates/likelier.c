int ${p}_class(const $code output[${P}_OUTPUTS])
{
    return output[0] > ${P}_OUTPUT_ZERO_POINT;
}

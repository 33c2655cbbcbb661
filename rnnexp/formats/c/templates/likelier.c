int ${p}_class(const int8_t output[${P}_OUTPUTS])
{
    return output[0] > ${P}_OUTPUT_ZERO_POINT;
}

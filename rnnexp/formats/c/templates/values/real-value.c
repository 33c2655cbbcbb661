/* The real number that an output code stands for. */
static ${p}_real real_value($output_type code)
{
    return (${p}_real)(code - ${P}_OUTPUT_ZERO_POINT) * (${p}_real)${P}_OUTPUT_SCALE;
}

/* A raw value, within the range whose products 64 bits hold. */
static int32_t bounded(int32_t value)
{
    return value < -$largest ? -$largest : value > $largest ? $largest : value;
}

/* The nearest integer, of two as near the even one. */
static uint64_t quotient(uint64_t numerator, uint64_t denominator)
{
    const uint64_t whole = numerator / denominator, rest = numerator % denominator, missing = denominator - rest;

    return whole + (rest > missing || (rest == missing && whole % 2 != 0) ? 1u : 0u);
}

/* The input code of a ratio, which is rounded to 24 bits first, as in Python, and divided by the input scale. */
static $input_type ratio_code(int64_t numerator, int64_t denominator)
{
    uint64_t above = (uint64_t)(numerator < 0 ? -numerator : numerator), below = (uint64_t)denominator;
    uint64_t mantissa = 0;
    int bits = $exponent + 23, digit;
    int32_t code;
    if (above == 0) {
        return ${P}_INPUT_ZERO_POINT;
    }
    for (; above < below; bits++) {
        above <<= 1;
    }
    for (; above >= below << 1; bits--) {
        below <<= 1;
    }
    for (digit = 0; digit < 24; digit++) {
        mantissa <<= 1;
        if (above >= below) {
            mantissa++;
            above -= below;
        }
        above <<= 1;
    }
    mantissa += above > below || (above == below && mantissa % 2 != 0) ? 1u : 0u;
    bits = bits < -38 ? -38 : bits > 38 ? 38 : bits;
    mantissa = quotient(mantissa << (bits < 0 ? -bits : 0), (uint64_t)$mantissa << (bits > 0 ? bits : 0));
    code = (int32_t)(mantissa < 65536 ? mantissa : 65536);
    code = ${P}_INPUT_ZERO_POINT + (numerator < 0 ? -code : code);
    return ($input_type)(code < $lowest_input ? $lowest_input : code > $highest_input ? $highest_input : code);
}

/* The input code of (value - offset) / unit, which is rounded to float first, as whoever trained the network has it. */
static $input_type real_code(${p}_real value, ${p}_real offset, ${p}_real unit)
{
    const ${p}_real lowest = (${p}_real)$low, highest = (${p}_real)$high;
    ${p}_real input = (value - offset) / unit;
    /* Else gcc 12 leaves out the rounding to float where it makes vector instructions of it. */
    volatile float single;
    int32_t code;
    /* What is no number becomes the lowest code. */
    input = input > lowest ? input : lowest;
    input = input < highest ? input : highest;
    single = (float)input;
    input = (${p}_real)single / (${p}_real)${P}_INPUT_SCALE;
    /* Rounded to nearest, of ties to the even code. */
    code = (int32_t)input;
    input = 2 * (input - (${p}_real)code);
    code += input > 1 || (input >= 1 && code % 2 != 0);
    code -= input < -1 || (input <= -1 && code % 2 != 0);
    code += ${P}_INPUT_ZERO_POINT;
    return ($input_type)(code < $lowest_input ? $lowest_input : code > $highest_input ? $highest_input : code);
}

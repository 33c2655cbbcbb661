/* e to the power of a number that is not positive. */
static ${p}_real power(${p}_real exponent)
{
    const ${p}_real of_two = (${p}_real)0.6931471805599453;
    ${p}_real result = 1;
    int halvings, term;
    if (!(exponent > -100)) {
        return 0;
    }
    halvings = (int)(-exponent / of_two);
    exponent += (${p}_real)halvings * of_two;
    for (term = 14; term > 0; term--) {
        result = 1 + result * exponent / (${p}_real)term;
    }
    for (; halvings > 0; halvings--) {
        result /= 2;
    }
    return result;
}

/* value / 2**bits, rounded to nearest. */
static int64_t rounded(int64_t value, int bits)
{
    const uint64_t size = quotient((uint64_t)(value < 0 ? -value : value), (uint64_t)1 << bits);

    return value < 0 ? -(int64_t)size : (int64_t)size;
}

static int32_t limited(int64_t value)
{
    return (int32_t)(value < INT32_MIN ? INT32_MIN : value > INT32_MAX ? INT32_MAX : value);
}

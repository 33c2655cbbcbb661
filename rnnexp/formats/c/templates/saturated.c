static int16_t saturated(accumulator value)
{
    return (int16_t)clamp(value, -32768, 32767);
}


/* The same for tables of every $spacing-th entry: those between them are on lines. */
static int16_t between(const int16_t FLASH *nodes, int last, accumulator place)
{
    const int at = (int)clamp(place, 0, last);
    const int16_t FLASH *node = nodes + at / $spacing;
    return (int16_t)(node[0] + FLOOR_SHIFT(((int32_t)node[1] - node[0]) * (at % $spacing) + $half, $bits));
}


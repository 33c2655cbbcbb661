/* Places outside of the table are at its ends, so that sums need not be saturated first. */
static int16_t look_up(const int16_t FLASH *table, int last, accumulator place)
{
    return table[clamp(place, 0, last)];
}



static void copy(const int16_t *values, int count, int16_t *to)
{
    int i;
    for (i = 0; i < count; i++) {
        to[i] = values[i];
    }
}

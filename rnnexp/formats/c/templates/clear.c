static void clear(int16_t *values, int count)
{
    int i;
    for (i = 0; i < count; i++) {
        values[i] = 0;
    }
}

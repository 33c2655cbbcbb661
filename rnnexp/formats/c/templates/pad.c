
static void ${name}_pad($struct *$memory, int count)
{
    int16_t frame[$width];
    int i;
    for (i = 0; i < $width; i++) {
        frame[i] = $padding;
    }
    while (count-- > 0) {
        ${name}($memory, frame);
    }
}

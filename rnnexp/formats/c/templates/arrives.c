
/* A frame comes in the place of the oldest one. Returns whether it makes a window whole. */
static int arrives(
    const int16_t *frame, int width, int16_t *frames, int16_t *place, int span, int16_t *wait, int stride)
{
    copy(frame, width, frames + *place * width);
    *place = (int16_t)(*place + 1 < span ? *place + 1 : 0);
    if (--*wait > 0) {
        return 0;
    }
    *wait = (int16_t)stride;
    return 1;
}

/* The largest change of a feature in a window, from a time step to the next. */
static $type $name(const $type *values)
{
    $type largest = 0;
    int32_t time;
    for (time = 1; time < ${P}_TIME_STEPS; time++) {
        const $type change = $value - $before;
        largest = change > largest ? change : -change > largest ? -change : largest;
    }
    return largest;
}

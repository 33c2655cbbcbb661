/* The range of a feature in a window, and its least value. */
static $type $name(const $type *values, $type *least)
{
    $type most = $first;
    int32_t time;
    *least = $first;
    for (time = 1; time < ${P}_TIME_STEPS; time++) {
        const $type value = $value;
        *least = value < *least ? value : *least;
        most = value > most ? value : most;
    }
    return most - *least;
}

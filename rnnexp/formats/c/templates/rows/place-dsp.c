/* One instruction where the table's size is a power of two. */
#define PLACE(sum, last) \
    ((last) == 1023 ? (int32_t)__usat(sum, 10) : (last) == 2047 ? (int32_t)__usat(sum, 11) \
    : (last) == 4095 ? (int32_t)__usat(sum, 12) : (sum) < 0 ? 0 : (sum) > (last) ? (last) : (sum))

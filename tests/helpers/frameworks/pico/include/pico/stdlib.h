#include <stdint.h>
#include <stdlib.h>

static inline int stdio_init_all(void)
{
    return 1;
}

/* A program that waits has shown all. */
static inline void sleep_ms(uint32_t milliseconds)
{
    exit(milliseconds < 1000);
}

/* How much has been executed since count_from_here, in what the processor counts. */
#include "count.h"

#if defined(__riscv)
static uint32_t begun;

static uint32_t now(void)
{
    uint32_t value;
    __asm__ volatile(".option push\n.option arch, +zicsr\ncsrr %0, minstret\n.option pop" : "=r"(value));
    return value;
}

void count_from_here(void)
{
    begun = now();
}

uint32_t counted(void)
{
    return now() - begun;
}
#elif defined(__AVR__)
#include <avr/io.h>
/* Of 16 bits: it counts every 256th cycle. */
void count_from_here(void)
{
    TCCR1A = 0;
    TCCR1B = 1 << CS12;
    TCNT1 = 0;
}

uint32_t counted(void)
{
    return (uint32_t)TCNT1 * 256;
}
#else
#define CONTROL (*(volatile uint32_t *)0xE000E010)
#define RELOAD (*(volatile uint32_t *)0xE000E014)
#define CURRENT (*(volatile uint32_t *)0xE000E018)

void count_from_here(void)
{
    RELOAD = 0xFFFFFF;
    CURRENT = 0;
    CONTROL = 5;
}

uint32_t counted(void)
{
    return (uint32_t)((uint64_t)(0xFFFFFF - CURRENT) * 1000000000 / CLOCK_HERTZ);
}
#endif

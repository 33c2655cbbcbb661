#ifndef COUNT_H
#define COUNT_H

#include <stdint.h>

void count_from_here(void);
uint32_t counted(void);

#endif

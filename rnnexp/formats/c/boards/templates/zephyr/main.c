/* Runs the example once, from Zephyr's main(), which has no arguments. */
#define main example_main
#include "%{name}-main.c"
#undef main

int main(void)
{
    return example_main(%{arguments});
}

/* Vectors of a Cortex-M: the floating-point unit is switched on, if the program uses it, and the C library starts. */
    .syntax unified
    .section .vectors, "a"
    .word __stack
    .word reset
    .word hang
    .word hang

    .text
    .thumb
    .thumb_func
reset:
#ifdef __ARM_FP
    ldr r0, =0xE000ED88
    ldr r1, =0xF00000
    str r1, [r0]
    dsb
    isb
#endif
    ldr r0, =_start
    bx r0

    .thumb_func
hang:
    b hang

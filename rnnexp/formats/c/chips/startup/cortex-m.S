/* Vectors of a Cortex-M: what computes with floating point or vectors is switched on, if the program uses it, memory is
 * cleared, and what the emulator prints is opened. The C library's own start would take the memory that the emulator
 * names, which is not always free. */
    .syntax unified
    .section .vectors, "a"
    .word __stack
    .word reset
    .word hang
    .word hang

    .text
    .thumb
    .thumb_func
    .global reset
reset:
#if defined(__ARM_FP) || defined(__ARM_FEATURE_MVE)
    ldr r0, =0xE000ED88
    ldr r1, =0xF00000
    str r1, [r0]
    dsb
    isb
#endif
    ldr r0, =__bss_start__
    ldr r1, =__bss_end__
    movs r2, #0
clear:
    cmp r0, r1
    bhs cleared
    str r2, [r0]
    adds r0, #4
    b clear
cleared:
    bl initialise_monitor_handles
    bl __libc_init_array
    movs r0, #0
    movs r1, #0
    bl main
    bl exit

    .thumb_func
hang:
    b hang

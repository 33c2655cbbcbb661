// %{name}: an example. It goes from values to answers, and prints these beside what they should be to the serial port,
// over and over again. The part up to answer() is that of %{name}-main.c.
#include <%{plain}.h>

%{example}

// As many decimals as the answers are compared with.
static int decimals()
{
    int count = 0;
    for (double step = TOLERANCE; step > 0 && step < 0.5 && count < 9; step *= 10) {
        count++;
    }
    return count;
}

static void print_answer(int number)
{
    Serial.print((double)made[number], decimals());
    Serial.print(F(", expected "));
    Serial.println((double)wanted[number], decimals());
}

static void print_answers(int count)
{
#ifdef CLASSES
    for (int i = 0; i < count; i += CLASSES) {
        int likeliest = 0;
        for (int number = 1; number < CLASSES; number++) {
            likeliest = made[i + number] > made[i + likeliest] ? number : likeliest;
        }
        Serial.print(F("  "));
        Serial.print(%{prefix}_class_names[likeliest]);
        Serial.print(F(": "));
        print_answer(i + likeliest);
    }
#else
    for (int i = 0; i < count; i++) {
        Serial.print(F("  "));
        print_answer(i);
    }
#endif
}

static int sequence = 0, wrong = 0;

void setup()
{
    Serial.begin(115200);
    // Boards whose processor has the USB port itself: until somebody listens.
    while (!Serial && millis() < 5000) {
    }
}

void loop()
{
    const int count = answer(sequence);
    Serial.print(F("sequence "));
    Serial.println(sequence + 1);
    print_answers(count);
    for (int i = 0; i < count; i++) {
        wrong += !is_right(i);
    }
    if (++sequence == SEQUENCES) {
        Serial.print(F(%{string}));
        Serial.println(wrong ? F(": other answers than expected") : F(": as expected"));
        sequence = wrong = 0;
        delay(5000);
    }
}

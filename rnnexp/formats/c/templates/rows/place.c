#define PLACE(sum, last) ((sum) < 0 ? 0 : (sum) > (last) ? (last) : (sum))

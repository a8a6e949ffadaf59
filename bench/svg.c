#include "bench/svg.h"

void svg_text(Str *svg, double x, double y, const char *style, const char *text)
{
    str_addf(svg, "<text x=\"%.1f\" y=\"%.1f\" %s>", x, y, style);
    for (; *text != '\0'; text++) {
        if (*text == '&')
            str_add(svg, "&amp;");
        else if (*text == '<')
            str_add(svg, "&lt;");
        else
            str_add_bytes(svg, text, 1);
    }
    str_add(svg, "</text>\n");
}

void svg_bar(Str *svg, double x, double y, double width, double height, const char *colour)
{
    str_addf(svg, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"%s\"/>\n", x,
             y, width, height, colour);
}

void svg_line(Str *svg, double x1, double y1, double x2, double y2, const char *colour)
{
    str_addf(svg, "<path d=\"M%.1f %.1fL%.1f %.1f\" stroke=\"%s\"/>\n", x1, y1, x2, y2, colour);
}

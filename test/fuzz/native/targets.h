// The targets: each takes any bytes and ends the process when something does not hold.
#pragma once

#include <cstddef>
#include <cstdint>

namespace tidemark::fuzz {

// Reads beyond its text when it begins with "beyond": whether that is seen.
void Breaks(const uint8_t* text, size_t length);

void Digits(const uint8_t* text, size_t length);
void Loadavg(const uint8_t* text, size_t length);
void Maps(const uint8_t* text, size_t length);
void Smaps(const uint8_t* text, size_t length);
void SmapsRollup(const uint8_t* text, size_t length);
void Stat(const uint8_t* text, size_t length);
void StatRows(const uint8_t* text, size_t length);
void Statm(const uint8_t* text, size_t length);
void Status(const uint8_t* text, size_t length);

}  // namespace tidemark::fuzz

#pragma once

#include <bit>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace weir::http::h1 {

// Finds where the parts of a head end. Each class of bytes is a subset of what the grammar allows
// (RFC 9110, 5.1 and 5.5; RFC 9112, 3.2): a byte outside it only ends the part.
//
// The text must contain a byte outside the class, and the 15 bytes after that one must be readable.
struct PlainScan {
  static constexpr bool isName(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
  }
  static constexpr bool isTarget(char c) { return c > ' ' && c < '\x7f' && c != '#'; }
  static constexpr bool isValue(char c) {
    return static_cast<unsigned char>(c) >= ' ' && c != '\x7f';
  }

  static const char* endOfName(const char* at) {
    while (isName(*at)) ++at;
    return at;
  }
  static const char* endOfTarget(const char* at) {
    while (isTarget(*at)) ++at;
    return at;
  }
  static const char* endOfValue(const char* at) {
    while (isValue(*at)) ++at;
    return at;
  }
};

#if defined(__SSE2__)

// The same, 16 bytes at a time.
struct VectorScan {
  static const char* endOfName(const char* at) { return end<Name>(at); }
  static const char* endOfTarget(const char* at) { return end<Target>(at); }
  static const char* endOfValue(const char* at) { return end<Value>(at); }

 private:
  using Vector = __m128i;

  // A class of bytes: of() returns one bit for each byte, set if the byte belongs to the class.
  struct Name {
    static unsigned of(Vector bytes) {
      const Vector letters = isBetween(_mm_or_si128(bytes, all(' ')), 'a', 'z');
      const Vector others =
          _mm_or_si128(isBetween(bytes, '0', '9'), _mm_cmpeq_epi8(bytes, all('-')));
      return mask(_mm_or_si128(letters, others));
    }
  };
  struct Target {
    static unsigned of(Vector bytes) {
      // Bytes above 0x7F are negative.
      const Vector low = _mm_cmplt_epi8(bytes, all(' ' + 1));
      const Vector others =
          _mm_or_si128(_mm_cmpeq_epi8(bytes, all('#')), _mm_cmpeq_epi8(bytes, all('\x7f')));
      return ~mask(_mm_or_si128(low, others));
    }
  };
  struct Value {
    static unsigned of(Vector bytes) {
      const Vector low = _mm_cmpeq_epi8(_mm_min_epu8(bytes, all(' ' - 1)), bytes);
      return ~mask(_mm_or_si128(low, _mm_cmpeq_epi8(bytes, all('\x7f'))));
    }
  };

  static Vector all(char c) { return _mm_set1_epi8(c); }
  // SSE2 compares signed bytes only: the range is moved to the lowest values.
  static Vector isBetween(Vector bytes, char first, char last) {
    const Vector moved = _mm_add_epi8(bytes, all(static_cast<char>(-128 - first)));
    return _mm_cmplt_epi8(moved, all(static_cast<char>(-128 + (last - first) + 1)));
  }
  static unsigned mask(Vector matches) { return static_cast<unsigned>(_mm_movemask_epi8(matches)); }

  template <typename Class>
  static const char* end(const char* at) {
    constexpr int kBytes = sizeof(Vector);
    while (true) {
      Vector bytes;
      std::memcpy(&bytes, at, sizeof bytes);
      const int count = std::countr_one(Class::of(bytes));
      if (count < kBytes) return at + count;
      at += kBytes;
    }
  }
};

using HeadScan = VectorScan;

#else

using HeadScan = PlainScan;

#endif

}  // namespace weir::http::h1

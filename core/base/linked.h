#pragma once

#include <cstddef>

namespace weir {

// The links of an object in a LinkedList.
template <typename T>
struct Linked {
  T* next = nullptr;
  T* previous = nullptr;
};

// An intrusive list of objects owned elsewhere. An object is in at most one list of its kind at a
// time. Every operation takes constant time.
template <typename T>
class LinkedList {
 public:
  LinkedList() = default;
  LinkedList(const LinkedList&) = delete;
  LinkedList& operator=(const LinkedList&) = delete;

  bool empty() const { return first_ == nullptr; }
  std::size_t size() const { return size_; }
  T* front() const { return first_; }
  T* back() const { return last_; }

  void pushFront(T& object) {
    object.previous = nullptr;
    object.next = first_;
    (first_ == nullptr ? last_ : first_->previous) = &object;
    first_ = &object;
    ++size_;
  }
  void pushBack(T& object) {
    object.next = nullptr;
    object.previous = last_;
    (last_ == nullptr ? first_ : last_->next) = &object;
    last_ = &object;
    ++size_;
  }
  void remove(T& object) {
    (object.previous == nullptr ? first_ : object.previous->next) = object.next;
    (object.next == nullptr ? last_ : object.next->previous) = object.previous;
    object.next = object.previous = nullptr;
    --size_;
  }

 private:
  T* first_ = nullptr;
  T* last_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace weir

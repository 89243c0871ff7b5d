#include "fs/serve/handles.h"

#include <gtest/gtest.h>

#include <memory>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

namespace npyfs {
namespace {

TEST(Handles, FindsWhatWasAddedUntilItIsRemoved) {
  Handles<int> handles;
  const auto a = handles.add(std::make_shared<int>(1));
  const auto b = handles.add(std::make_shared<int>(2));
  EXPECT_NE(a, b);
  EXPECT_EQ(*handles.find(a), 1);
  EXPECT_EQ(*handles.find(b), 2);
  EXPECT_EQ(*handles.remove(a), 1);
  EXPECT_EQ(handles.find(a), nullptr);
  EXPECT_EQ(handles.remove(a), nullptr);
  EXPECT_EQ(*handles.find(b), 2);
}

TEST(Handles, NumbersThatWereNeverGivenOutFindNothing) {
  Handles<int> handles;
  const auto number = handles.add(std::make_shared<int>(1));
  for (const std::uint64_t other : {std::uint64_t{0}, number + 1, number + 16, ~std::uint64_t{0}}) {
    EXPECT_EQ(handles.find(other), nullptr);
    EXPECT_EQ(handles.remove(other), nullptr);
  }
}

TEST(Handles, NumbersAreNeverUsedAgain) {
  Handles<int> handles;
  std::set<std::uint64_t> numbers;
  for (int i = 0; i < 1000; ++i) {
    const auto number = handles.add(std::make_shared<int>(i));
    EXPECT_TRUE(numbers.insert(number).second);
    handles.remove(number);
  }
}

TEST(Handles, WhatWasFoundLivesOnAfterItsRemoval) {
  Handles<int> handles;
  const auto number = handles.add(std::make_shared<int>(7));
  const auto found = handles.find(number);
  const std::weak_ptr<int> watched = handles.remove(number);
  EXPECT_EQ(*found, 7);
  EXPECT_FALSE(watched.expired());
}

TEST(Handles, LetsGoOfWhatIsRemoved) {
  Handles<int> handles;
  auto object = std::make_shared<int>(7);
  const std::weak_ptr<int> watched = object;
  const auto number = handles.add(std::move(object));
  handles.remove(number);
  EXPECT_TRUE(watched.expired());
}

TEST(Handles, ThreadsGetNumbersOfTheirOwn) {
  Handles<int> handles;
  std::mutex mutex;
  std::set<std::uint64_t> numbers;
  std::vector<std::jthread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&, thread] {
      for (int i = 0; i < 1000; ++i) {
        const auto number = handles.add(std::make_shared<int>(thread));
        ASSERT_EQ(*handles.find(number), thread);
        ASSERT_EQ(*handles.remove(number), thread);
        const std::lock_guard lock(mutex);
        ASSERT_TRUE(numbers.insert(number).second);
      }
    });
  }
}

}  // namespace
}  // namespace npyfs

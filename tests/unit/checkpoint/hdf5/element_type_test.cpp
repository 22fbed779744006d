/// Element types to HDF5 and back, and what is not one.
#include "checkpoint/hdf5/element_type.hpp"

#include <cstring>

#include <gtest/gtest.h>

namespace distload::hdf5 {
namespace {

TEST(ElementType, OfEveryDTypeIsRecognisedAndHasItsSize) {
  for (int i = static_cast<int>(DType::f64); i <= static_cast<int>(kLastDType); ++i) {
    auto const dtype = static_cast<DType>(i);
    auto const type = make_element_type(dtype);
    EXPECT_EQ(H5Tget_size(type.view().id()), size_of(dtype)) << name_of(dtype);
    EXPECT_EQ(element_type_of(type.view()).dtype, dtype) << name_of(dtype);
  }
}

TEST(ElementType, OfOneByteHasNoByteOrder) {
  EXPECT_EQ(element_type_of(DatatypeView(H5T_STD_U8BE)).dtype, DType::u8);
  EXPECT_EQ(element_type_of(DatatypeView(H5T_STD_I8BE)).dtype, DType::i8);
}

TEST(ElementType, OfUnsupportedNumbersSaysWhy) {
  for (auto const type : {H5T_IEEE_F32BE, H5T_IEEE_F64BE, H5T_STD_I32BE, H5T_STD_U64BE}) {
    auto const found = element_type_of(DatatypeView(type));
    EXPECT_FALSE(found.dtype);
    EXPECT_TRUE(found.is_number);
    EXPECT_EQ(found.problem, "big-endian numbers");
  }
}

TEST(ElementType, OfTextsAndRecordsIsNoNumber) {
  Datatype const record(H5Tcreate(H5T_COMPOUND, 8));
  ASSERT_GE(H5Tinsert(record.view().id(), "x", 0, H5T_IEEE_F64LE), 0);
  Datatype const sequence(H5Tvlen_create(H5T_IEEE_F32LE));
  for (auto const type : {hid_t{H5T_C_S1}, record.view().id(), sequence.view().id(), hid_t{H5T_STD_REF_OBJ}}) {
    auto const found = element_type_of(DatatypeView(type));
    EXPECT_FALSE(found.dtype);
    EXPECT_FALSE(found.is_number);
    EXPECT_FALSE(found.problem.empty());
  }
}

TEST(ElementType, ConvertsBrainFloatsToTheNumbersTheyAre) {
  // 1.0, -2.5 and the largest finite bfloat16.
  std::uint16_t const brain[] = {0x3f80, 0xc020, 0x7f7f};
  float numbers[3] = {};
  std::memcpy(numbers, brain, sizeof brain);
  auto const type = make_element_type(DType::bf16);
  ASSERT_GE(H5Tconvert(type.view().id(), H5T_NATIVE_FLOAT, 3, numbers, nullptr, H5P_DEFAULT), 0);
  EXPECT_EQ(numbers[0], 1.0F);
  EXPECT_EQ(numbers[1], -2.5F);
  EXPECT_EQ(numbers[2], 0x1.fep127F);
}

}  // namespace
}  // namespace distload::hdf5

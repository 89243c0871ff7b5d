// numpy's basic indexing, as text: "-5:,::2,...,None".
//
//   expression = term (',' term)*
//   term       = INTEGER | [ INTEGER ] ':' [ INTEGER ] [ ':' [ INTEGER ] ] | '...' | 'None'
//   INTEGER    = [ '-' | '+' ] decimal digits, leading zeros allowed, of any length
//
// No blanks, and no final comma. What does not index is not basic indexing either: lists, booleans, masks.
#pragma once

#include <string>
#include <string_view>

#include "core/base/error.h"
#include "core/slice/selection.h"

namespace npyfs {

// What a[expression] selects of the view `selection`, as numpy means it: negative indices count from the end, slices are
// clipped, axes that are not named are taken whole. kNotFound with numpy's reason where numpy raises IndexError (an index
// out of range, too many indices) or ValueError (step 0), and where the text is no expression. `expression` is the
// subject of errors.
Result<Selection> select_by_expression(const Selection& selection, std::string_view expression);

}  // namespace npyfs

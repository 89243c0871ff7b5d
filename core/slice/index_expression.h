// numpy's basic indexing, as text: "-5:,::2,...,None".
//
//   expression = term (',' term)*
//   term       = INTEGER | [ INTEGER ] ':' [ INTEGER ] [ ':' [ INTEGER ] ] | '...' | 'None'
//   INTEGER    = [ '-' | '+' ] decimal digits, leading zeros allowed, of any length
//
// No blanks, and no comma at the end. Lists, booleans and masks are not basic indexing.
#pragma once

#include <string>
#include <string_view>

#include "core/base/error.h"
#include "core/slice/selection.h"

namespace npyfs {

// The selection of a[expression], where `a` is the view `selection`, with numpy's rules: negative indices count from
// the end, slices are clipped, further axes are taken whole. kNotFound with numpy's reason if numpy raises IndexError
// (an index out of range, too many indices) or ValueError (step 0), and if the text is not an expression. `expression`
// is the subject of errors.
Result<Selection> select_by_expression(const Selection& selection, std::string_view expression);

}  // namespace npyfs
